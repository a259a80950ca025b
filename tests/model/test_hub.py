"""Published weights, fetched from a server on loopback."""

import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import torch
from safetensors.torch import save

from geneglass.errors import InputError
from geneglass.model.hub import find_weights
from geneglass.model.weights import read_weights

CONTENT = save({"a": torch.arange(4.0)})


class _Hub(BaseHTTPRequestHandler):
    """As much of a hub as one small file needs."""

    def do_HEAD(self):
        self._head()

    def do_GET(self):
        if self._head():
            self.wfile.write(CONTENT)

    def _head(self):
        found = self.path.startswith("/someone/net/resolve/") and self.path.endswith("/model.safetensors")
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(CONTENT) if found else 0))
        if found:
            self.send_header("ETag", f'"{hashlib.sha256(CONTENT).hexdigest()}"')
            self.send_header("X-Repo-Commit", "0123456789012345678901234567890123456789")
        else:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.end_headers()
        return found

    def log_message(self, *args):
        pass


@pytest.fixture
def hub(tmp_path, monkeypatch):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Hub)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.server_port}"
    constants = "huggingface_hub.constants."
    monkeypatch.setattr(f"{constants}ENDPOINT", address)
    monkeypatch.setattr(
        f"{constants}HUGGINGFACE_CO_URL_TEMPLATE", f"{address}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
    )
    monkeypatch.setattr(f"{constants}HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(f"{constants}HF_HUB_DISABLE_PROGRESS_BARS", True)
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def find(repository, *, download):
    return find_weights(repository, size_mb=12.3, licence="mit", download=download)


def test_weights_are_fetched_once_and_only_when_asked(hub):
    with pytest.raises(InputError, match=r"licence: mit, about 12 MB.*--download"):
        find("someone/net", download=False)
    path = find("someone/net", download=True)
    assert read_weights(path)["a"].tolist() == [0, 1, 2, 3]
    assert find("someone/net", download=False) == path


def test_weights_that_are_not_there_are_one_sentence(hub):
    with pytest.raises(InputError, match=r"could not be downloaded .* local file"):
        find("nobody/nothing", download=True)
