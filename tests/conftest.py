"""Fixtures that several rooms share."""

import gc
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from geneglass.data.cohort import Cohort, SectionSource, write_cohort


def pytest_collection_finish() -> None:
    # A window test collects garbage several times, and would walk through every imported module each time.
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data beside the checkout, or skip: it is never committed."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"real data not found: {folder.parent.name}/{folder.name} is not beside the checkout")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _session_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the user's cache out of fixtures that live longer than a test."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("session_cache")))
        yield


@pytest.fixture(scope="session")
def tiny_cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the cohort.toml of a small synthetic cohort: three sections of three patients, 60 genes."""
    from make_cohort import make_cohort

    folder = tmp_path_factory.mktemp("tiny_cohort")
    return make_cohort(folder, seed=7, sections=("Ada", "Bo", "Cleo"), size_um=(900, 1200), n_genes=60)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test a cache of its own, so that none finds what another left."""
    monkeypatch.setenv("GENEGLASS_CACHE", str(tmp_path_factory.mktemp("cache")))


@pytest.fixture(scope="session")
def her2st_cohort(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cohort.toml over real breast sections: C2 to C5 of patient C, and A1, a reduced and masked picture."""
    root = shared_data / "her2st"
    slides = {"C2": "5714_HE_BT_C2", "C3": "5714_HE_BT_D1", "C4": "5714_HE_BT_D2", "C5": "5714_HE_BT_E1"}
    sections = [
        SectionSource(
            name,
            patient="C",
            slide=root / "data" / "ST-imgs" / "C" / name / f"{slide}.jpg",
            spots=root / "data" / "ST-cnts" / f"{name}.tsv.gz",
        )
        for name, slide in slides.items()
    ]
    a1 = SectionSource(
        "A1",
        patient="A",
        slide=root / "app" / "www" / "imgs" / "A1_HE_image_dark.png",
        spots=root / "data" / "ST-cnts" / "A1.tsv.gz",
        scale=2000 / 6954,
    )
    return _written(tmp_path_factory, (*sections, a1))


@pytest.fixture(scope="session")
def mob_cohort(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a cohort.toml over three real sections of mouse olfactory bulb, from two mice."""
    mice = {"MOB1": "mouse1", "MOB2": "mouse1", "MOB3": "mouse2"}
    root = shared_data / "mob"
    sections = tuple(
        SectionSource(name, patient=mouse, slide=root / f"{name}.jpg", spots=root / f"{name}.tsv.gz", mpp=4.16)
        for name, mouse in mice.items()
    )
    return _written(tmp_path_factory, sections)


def _written(factory: pytest.TempPathFactory, sections: tuple[SectionSource, ...]) -> Path:
    path = factory.mktemp("cohort") / "cohort.toml"
    write_cohort(Cohort(path, sections))
    return path


@dataclass
class Fault:
    """What goes wrong with one answer of the loopback server."""

    status: int = 200
    cut_at: int | None = None
    stall_at: int | None = None
    body: bytes | None = None
    location: str = ""


@dataclass
class Loopback:
    """A server on this machine that gives files, remembers what was asked, and fails as it is told."""

    address: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    faults: dict[str, list[Fault]] = field(default_factory=dict)
    seen: list[tuple[str, str]] = field(default_factory=list)
    """Path and Range header of every request."""
    ranges: bool = True
    versions: bool = True
    headers: dict[str, str] = field(default_factory=dict)
    go_on: threading.Event = field(default_factory=threading.Event)

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        name = handler.path.lstrip("/")
        span = handler.headers.get("Range", "")
        self.seen.append((name, span))
        waiting = self.faults.get(name, [])
        fault = waiting.pop(0) if waiting else Fault()
        if fault.location or fault.status != 200 or name not in self.files:
            self._refuse(handler, fault)
            return
        body = self.files[name] if fault.body is None else fault.body
        version = f'"{hash(body)}"'
        same = handler.headers.get("If-Range", version) == version
        start = int(span.removeprefix("bytes=").rstrip("-")) if span and self.ranges and same else 0
        if start >= len(body) > 0 and start:
            handler.send_response(416)
            handler.send_header("Content-Range", f"bytes */{len(body)}")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.send_response(206 if start else 200)
        if start:
            handler.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if self.versions:
            handler.send_header("ETag", version)
        for key, value in self.headers.items():
            handler.send_header(key, value)
        handler.send_header("Content-Length", str(len(body) - start))
        handler.end_headers()
        self._send(handler, body, start, fault)

    def _send(self, handler: BaseHTTPRequestHandler, body: bytes, start: int, fault: Fault) -> None:
        end = fault.cut_at if fault.cut_at is not None else fault.stall_at
        handler.wfile.write(body[start:end])
        handler.wfile.flush()
        if fault.stall_at is not None:
            self.go_on.wait(20)
        handler.close_connection = end is not None

    @staticmethod
    def _refuse(handler: BaseHTTPRequestHandler, fault: Fault) -> None:
        handler.send_response(302 if fault.location else fault.status if fault.status != 200 else 404)
        if fault.location:
            handler.send_header("Location", fault.location)
        handler.send_header("Content-Length", "0")
        handler.end_headers()


@pytest.fixture
def loopback(monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Return a server at 127.0.0.1, the only host that a test may ask."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    state = Loopback()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            pass  # a client that went away is what the tests are about

    server = Server(("127.0.0.1", 0), Handler)
    state.address = f"http://127.0.0.1:{server.server_address[1]}/"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield state
    state.go_on.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def fault() -> type[Fault]:
    """Return the kind of thing that can go wrong with an answer."""
    return Fault
