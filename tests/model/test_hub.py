"""Published weights, fetched from a server on loopback."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save

from geneglass.errors import InputError
from geneglass.model.hub import HubWeights, find_weights
from geneglass.model.weights import read_weights

CONTENT = save({"a": torch.arange(4.0)})


class _Hub(BaseHTTPRequestHandler):
    """As much of a hub as small files need: three repositories, one of them gated, and a token that opens it."""

    files = ("/someone/net/resolve/main/model.safetensors", "/someone/old/resolve/main/pytorch_model.bin")
    gated = "/someone/gated/resolve/main/model.safetensors"

    def do_HEAD(self):
        self._head()

    def do_GET(self):
        if self._head():
            self.wfile.write(CONTENT)

    def _head(self):
        asked = self.path.partition("?")[0].replace("0123456789012345678901234567890123456789", "main")
        allowed = self.headers.get("Authorization") == "Bearer hf_has_access"
        found = asked in self.files or (asked == self.gated and allowed)
        refused = asked == self.gated and not allowed
        with_token = "Authorization" in self.headers
        self.send_response(200 if found else (403 if with_token else 401) if refused else 404)
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        if found:
            self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0123456789012345678901234567890123456789")
        else:
            self.send_header("X-Error-Code", "GatedRepo" if refused else "EntryNotFound")
        self.end_headers()
        return found

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(f"{constants}ENDPOINT", address)
    monkeypatch.setattr(
        f"{constants}HUGGINGFACE_CO_URL_TEMPLATE", f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )
    monkeypatch.setattr(f"{constants}HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(f"{constants}HF_TOKEN_PATH", str(tmp_path / "token"))
    monkeypatch.setattr(f"{constants}HF_HUB_DISABLE_PROGRESS_BARS", True)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def weights(repository, **facts):
    return HubWeights(repository, "mit", 12.3, **facts)


def test_weights_are_fetched_once_and_only_when_asked(hub):
    with pytest.raises(InputError, match=r"licence: mit, about 12 MB.*--download.*timm:NAME@FILE"):
        find_weights(weights("someone/net"), download=False)
    assert weights("someone/net").cached() is None
    path = find_weights(weights("someone/net"), download=True)
    assert read_weights(path)["a"].tolist() == [0, 1, 2, 3]
    assert find_weights(weights("someone/net"), download=False) == weights("someone/net").cached() == path


def test_the_notice_tells_licence_gate_and_size(hub):
    notice = weights("someone/gated", gated=True).notice
    address = f"http://127.0.0.1:{hub.server_port}/someone/gated"
    assert f"licence: mit, gated: access is given on {address}, about 12 MB" in notice
    assert "gated" not in weights("someone/net").notice
    assert "see http" in HubWeights("someone/net").terms


def test_the_first_of_several_names_that_exists_is_taken(hub):
    asked = weights("someone/old", files=("model.safetensors", "pytorch_model.bin"))
    path = find_weights(asked, download=True)
    assert path.name == "pytorch_model.bin"
    assert asked.cached() == path


def test_a_gate_is_one_sentence_with_what_to_do(hub, monkeypatch):
    asked = weights("someone/gated", gated=True, asked_as="net", files=("model.safetensors", "pytorch_model.bin"))
    with pytest.raises(InputError) as without:
        find_weights(asked, download=True)
    monkeypatch.setenv("HF_TOKEN", "hf_of_a_stranger")
    with pytest.raises(InputError) as stranger:
        find_weights(asked, download=True)
    for text in map(str, (without.value, stranger.value)):
        assert "accept its licence (mit) on http://127.0.0.1" in text
        assert "net@FILE" in text
    assert "hf auth login" in str(without.value)
    assert "HF_TOKEN" in str(without.value)
    assert "has no access yet" in str(stranger.value)


@pytest.mark.parametrize("place", ["environment", "login"])
def test_a_token_with_access_opens_the_gate(hub, monkeypatch, tmp_path, place):
    if place == "environment":
        monkeypatch.setenv("HF_TOKEN", "hf_has_access")
    else:
        (tmp_path / "token").write_text("hf_has_access")
    path = find_weights(weights("someone/gated", gated=True), download=True)
    assert read_weights(path)["a"].shape == (4,)


def test_weights_that_are_not_there_are_one_sentence(hub):
    with pytest.raises(InputError, match=r"could not be downloaded .* local file"):
        find_weights(weights("nobody/nothing"), download=True)
    with pytest.raises(InputError, match=r"pytorch_model.bin of nobody/nothing could not be downloaded"):
        find_weights(weights("nobody/nothing", files=("model.safetensors", "pytorch_model.bin")), download=True)
