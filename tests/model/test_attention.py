"""Cross-attention: absent tokens count for nothing, and shared tokens are read once."""

import pytest
import torch

from geneglass.model.attention import CrossAttention, TokenMaker


@pytest.fixture
def attention():
    torch.manual_seed(0)
    return CrossAttention(12, 3)


def drawn(*shape, seed=1):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_absent_tokens_are_as_if_they_were_not_in_the_list(attention):
    x, tokens = drawn(5, 12), drawn(5, 7, 12, seed=2)
    absent = torch.zeros(5, 7, dtype=torch.bool)
    absent[:, 4:] = True
    whole = attention(x, attention.read(tokens), absent)
    torch.testing.assert_close(whole, attention(x, attention.read(tokens[:, :4])))
    tokens[:, 4:] += 100
    assert torch.equal(attention(x, attention.read(tokens), absent), whole)


def test_a_plain_loop_finds_the_same(attention):
    x, tokens = drawn(2, 12), drawn(2, 3, 12, seed=2)
    q, (k, v) = attention.to_q(x), attention.to_kv(tokens).chunk(2, dim=-1)
    for place in range(2):
        heads = [slice(4 * head, 4 * head + 4) for head in range(3)]
        shares = [torch.softmax(k[place, :, part] @ q[place, part] / 2.0, 0) for part in heads]
        mixed = torch.cat([share @ v[place, :, part] for share, part in zip(shares, heads, strict=True)])
        torch.testing.assert_close(attention(x, attention.read(tokens))[place], attention.to_out(mixed))


def test_nothing_to_attend_to_is_nothing_and_has_a_gradient(attention):
    x, tokens = drawn(4, 12).requires_grad_(), drawn(4, 2, 12)
    found = attention(x, attention.read(tokens), torch.ones(4, 2, dtype=torch.bool))
    assert torch.equal(found, attention.to_out.bias.expand(4, 12))
    assert torch.equal(attention(x, attention.read(tokens[:, :0])), found)
    found.sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in (x, *attention.parameters()))


def test_tokens_read_once_and_shared_equal_tokens_read_per_place(attention):
    x, slides, section = drawn(5, 12), drawn(2, 6, 12, seed=3), torch.tensor([0, 1, 1, 0, 1])
    shared = attention(x, attention.read(slides)[section])
    torch.testing.assert_close(shared, attention(x, attention.read(slides[section])))


@pytest.mark.parametrize(("components", "inner"), [(0, 9), (4, 4), (50, 9)])
def test_a_token_is_made_of_principal_axes_where_asked_for(components, inner):
    maker = TokenMaker(9, 6, components)
    maker.fit(drawn(30, 9))
    assert maker.project.in_features == inner
    assert maker(drawn(3, 5, 9)).shape == (3, 5, 6)
