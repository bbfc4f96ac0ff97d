"""Whatever happens to a conversion, and when: its output is the old one or the new one, all of it."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import resource as limits
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import polars as pl
import pytest

from qatoolkit.conversion import exchange
from qatoolkit.conversion.convert import convert
from qatoolkit.conversion.place import check_destination, placed
from qatoolkit.conversion.work_folder import work_folder
from qatoolkit.errors import DestinationError, InvalidRecordsError

PYTHON = sys.executable
OURS = ("manifest.json", "lineage.parquet")


def written(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def make(folder: Path, text: str = "old") -> Path:
    """Something that passes for a converted dataset."""
    folder.mkdir(parents=True)
    for name in OURS:
        (folder / name).write_text(text, "utf-8")
    return folder


def put(output: Path, text: str = "new", *, overwrite: bool = True) -> None:
    with placed(output, overwrite=overwrite) as folder:
        for name in OURS:
            (folder / name).write_text(text, "utf-8")


def put_and_fail(output: Path, error: BaseException) -> None:
    with placed(output, overwrite=False) as folder:
        (folder / "data").write_bytes(bytes(1_500_000))
        raise error


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# kill -9


class Server:
    """tests/conversion/killing.py, running."""

    def __init__(self) -> None:
        command = [PYTHON, str(Path(__file__).with_name("killing.py"))]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, output, *, source=None, text=None, since=None, moment=None, seconds=None,
            exchange=True) -> dict:  # fmt: skip
        """How a job ended: the signal that ended it, or 0 and the moments it had."""
        job = {"output": str(output), "source": source and str(source), "text": text, "since": since,
               "moment": moment, "seconds": seconds, "exchange": exchange}  # fmt: skip
        self.process.stdin.write(json.dumps(job) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


@pytest.fixture(scope="module")
def server():
    running = Server()
    yield running
    running.process.stdin.close()
    running.process.wait()
    running.process.stdout.close()


@pytest.mark.parametrize("in_one_step", [True, False])
def test_killed_at_every_moment(server, tmp_path, in_one_step):
    """Each run starts with the old one and nothing else; the next one finds the old or the new one."""
    output = tmp_path / "out"
    server.run(output, text="old")
    old = written(output)
    server.run(output, text="new")
    new = written(output)
    assert old.keys() == new.keys()
    assert old != new
    seen: Counter[str] = Counter()
    kind = "new"
    for moment in range(1, 1000):
        if kind == "new":
            server.run(output, text="old")
        ended = server.run(output, text="new", moment=moment, exchange=in_one_step)
        found = written(output)
        kind = "old" if found == old else "new" if found == new else "none" if not output.exists() else "half"
        seen[kind] += 1
        assert kind in ("old", "new") or (kind == "none" and not in_one_step)
        if not ended["signal"]:
            break
        assert ended["signal"] == signal.SIGKILL
        check_destination(output, overwrite=True)
        assert names(tmp_path) == ["out"]
        assert written(output) == (old if kind == "none" else found)
    assert kind == "new"
    assert moment > 100
    assert seen["old"] > 50
    assert seen["new"] > 5
    assert bool(seen["none"]) is not in_one_step


@pytest.mark.parametrize("in_one_step", [True, False])
def test_killed_again_and_again_without_a_clean_up_between(server, tmp_path, in_one_step):
    """Each run finds what the one before it left, and is killed as well."""
    output = tmp_path / "out"
    server.run(output, text="0")
    state, seen = written(output), Counter()
    for moment in range(1, 1000, 3):
        ended = server.run(output, text=str(moment), moment=moment, exchange=in_one_step)
        found = written(output)
        if found and found != state:
            assert {content.decode() for content in found.values()} == {str(moment) * 1000}
            assert found.keys() == state.keys()
        seen["none" if not found else "old" if found == state else "new"] += 1
        assert found or not in_one_step
        state = found or state
        if not ended["signal"]:
            break
    assert seen["old"] > 30
    assert seen["new"] > 3
    assert names(tmp_path) == ["out"]


def test_a_real_conversion_killed_where_it_hurts(server, sample_data, tmp_path):
    """Spread over all of it, densely where it takes its place; each run finds what the one before left."""
    output = tmp_path / "out"
    sources = [sample_data / "ten.json", sample_data / "clean.jsonl"]
    states = []
    for source in sources:
        moments = server.run(output, source=source)["moments"]
        states.append(written(output))
    swap = moments.index("exchange.replace")
    kills = [{"moment": moment} for moment in range(1, swap, max(1, swap // 16))]
    kills += [{"since": "exchange.replace", "moment": moment} for moment in range(1, 40, 4)]
    kills += [{"since": "exchange._exchange", "moment": moment} for moment in range(1, 41, 2)]
    kills += [{"seconds": part / 20} for part in range(1, 9)]
    now, seen = 1, Counter()
    for kill in kills:
        wanted = 1 - now
        ended = server.run(output, source=sources[wanted], **kill)
        found = written(output)
        assert found in (states[now], states[wanted])
        seen["new" if found == states[wanted] else "old"] += 1
        seen[ended["signal"]] += 1
        now = states.index(found)
    assert seen["old"] > 20
    assert seen["new"] > 10
    assert seen[signal.SIGKILL] > 40
    server.run(output, source=sources[0])
    assert written(output) == states[0]
    assert names(tmp_path) == ["out"]


def test_what_was_stopped_between_two_renames_is_back_before_anything_else(server, sample_data, tmp_path):
    output = make(tmp_path / "out")
    make(work_folder(output) / "tmp" / "new", "new")
    output.rename(work_folder(output) / "tmp" / "old")
    with pytest.raises(DestinationError, match="exists already"):
        convert(tmp_path / "no-such-file.csv", output)
    assert (names(tmp_path), written(output)["manifest.json"]) == (["out"], b"old")


def test_an_output_that_was_moved_away_does_not_come_back(tmp_path):
    """A run stopped while it removed the replaced one; then somebody moved the new one."""
    output = tmp_path / "out"
    make(work_folder(output) / "tmp" / "old")
    check_destination(output, overwrite=False)
    assert names(tmp_path) == []


# Signals

WRITER = """
import sys
from pathlib import Path
from qatoolkit.conversion.place import placed
with placed(Path(sys.argv[1]), overwrite=True) as folder:
    for name in ("manifest.json", "lineage.parquet"):
        (folder / name).write_text("new")
    print("written", flush=True)
    sys.stdin.read()
"""


def start_writer(output: Path, **options) -> subprocess.Popen:
    """A process that has written everything, and puts it in its place when its stdin is closed."""
    command = [PYTHON, "-c", WRITER, str(output)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    assert process.stdout.readline() == "written\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_process_after_it_has_cleaned_up(tmp_path, number):
    output = make(tmp_path / "out")
    # Whoever runs the tests may ignore it, as nohup does, and a process inherits that.
    process = start_writer(output, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    process.send_signal(number)
    process.communicate()
    assert process.returncode == -number
    assert (names(tmp_path), written(output)["manifest.json"]) == (["out"], b"old")


def test_a_signal_that_is_ignored_on_purpose_stays_so(tmp_path):
    process = start_writer(
        tmp_path / "out", preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)
    )  # as nohup does
    process.send_signal(signal.SIGHUP)
    process.communicate()
    assert (process.returncode, names(tmp_path)) == (0, ["out"])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_the_command_is_interrupted_in_the_middle(sample_data, tmp_path, number, code):
    header, *rows = (sample_data / "clean.jsonl").read_text("utf-8").splitlines(keepends=True)
    records = [json.loads(line) for line in (header, *rows)]
    with (tmp_path / "many.jsonl").open("w", encoding="utf-8") as many:
        for copy in range(100):
            for i, record in enumerate(records):
                many.write(json.dumps({**record, "id": f"{copy}-{i}"}) + "\n")
    output = make(tmp_path / "out")
    command = [
        PYTHON,
        "-m",
        "qatoolkit",
        "convert",
        "many.jsonl",
        "-o",
        "out",
        "--overwrite",
        "--drop-invalid",
    ]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not list(work_folder(output).glob("*/new")) and process.poll() is None:
        time.sleep(0.001)
    process.send_signal(number)
    out, err = process.communicate()
    assert (process.returncode, out) == (code, "")
    assert "Traceback" not in err
    assert (names(tmp_path), written(output)["manifest.json"]) == (["many.jsonl", "out"], b"old")


# Two at once


def test_a_second_conversion_is_told_of_the_first(qatk, sample_data, tmp_path):
    process = start_writer(tmp_path / "out")
    ran = qatk("convert", sample_data / "ten.json", "-o", "out")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "qatk: out: another conversion is writing it just now; let it finish or choose another name\n"
    )
    process.communicate()
    assert process.returncode == 0
    assert (names(tmp_path), written(tmp_path / "out")["manifest.json"]) == (["out"], b"new")


RACER = """
import sys, time
from pathlib import Path
from qatoolkit.conversion.place import placed
from qatoolkit.errors import DestinationError
done = refused = 0
end = time.monotonic() + 2.5
while not done or not refused or time.monotonic() < end - 1:
    try:
        with placed(Path(sys.argv[1]), overwrite=True) as folder:
            for name in ("manifest.json", "lineage.parquet", "README.md"):
                (folder / name).write_text(f"{sys.argv[2]} {done}")
                time.sleep(0.001)
        done += 1
    except DestinationError as error:
        assert "another conversion is writing it just now" in str(error), error
        refused += 1
    if time.monotonic() > end:
        break
print(done, refused)
"""


def test_many_at_once_never_mix(tmp_path):
    output = make(tmp_path / "out")
    racers = [
        subprocess.Popen([PYTHON, "-c", RACER, str(output), str(i)], stdout=subprocess.PIPE, text=True)
        for i in range(5)
    ]
    while any(racer.poll() is None for racer in racers):
        output.stat()  # is there at any time
        time.sleep(0.0005)
    counts = [[int(n) for n in racer.communicate()[0].split()] for racer in racers]
    assert [racer.returncode for racer in racers] == [0] * 5
    assert sum(done for done, _ in counts) > 20
    assert sum(refused for _, refused in counts) > 20
    found = written(output)
    assert (len(found), len(set(found.values()))) == (3, 1)
    assert names(tmp_path) == ["out"]


def test_an_output_that_comes_into_being_meanwhile_is_kept(tmp_path):
    with pytest.raises(DestinationError, match="exists already"), placed(tmp_path / "out", overwrite=False):
        make(tmp_path / "out", "somebody's")
    assert (names(tmp_path), written(tmp_path / "out")["manifest.json"]) == (["out"], b"somebody's")


def test_without_locks_whoever_makes_the_work_folder_has_it(tmp_path, monkeypatch):
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    output = tmp_path / "out"
    with placed(output, overwrite=False) as folder:
        make(folder / "data")
        with pytest.raises(DestinationError, match=rf"if none is running, remove {work_folder(output)}$"):
            check_destination(output, overwrite=True)
        assert names(folder) == ["data"]
    assert (names(tmp_path), names(output)) == (["out"], ["data"])


def test_what_cannot_be_removed_is_not_in_the_way(tmp_path, monkeypatch):
    """On a network a file that is open somewhere, by a training run perhaps, cannot be removed."""
    output = tmp_path / "out"
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", lambda *_, **__: None)
        put(output, "one")
        put(output, "two")
        assert len(list(work_folder(output).glob("*/new/manifest.json"))) == 1
    put(output, "three")
    assert (names(tmp_path), written(output)["manifest.json"]) == (["out"], b"three")


# Disks


def mounted(script: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Runs a script of the shell that may mount, where `out` is old and `m` empty; skips where none may."""
    private = ["unshare", "--map-root-user", "--mount", "sh", "-c"]
    if not shutil.which("unshare"):
        pytest.skip("no unshare here, which lets a test mount a small disk")
    (cwd / "m").mkdir()
    make(cwd / "out")
    probe = subprocess.run([*private, "mount -t tmpfs tmpfs m"], cwd=cwd, capture_output=True, check=False)
    if probe.returncode:
        pytest.skip(f"mounting is not allowed here: {probe.stderr.decode()}")
    return subprocess.run(
        [*private, "set -e\n" + script], cwd=cwd, capture_output=True, text=True, check=False,
        env={**os.environ, "qatk": f"{PYTHON} -m qatoolkit"},
    )  # fmt: skip


@pytest.mark.parametrize("formats", ["arrow", "parquet", "jsonl,csv,squad"])
def test_a_disk_that_is_full(sample_data, tmp_path, formats):
    ran = mounted(
        f"""
        mount -t tmpfs -o size=200k tmpfs m
        cp -r out m
        $qatk convert {sample_data}/clean.csv -o m/out --overwrite --to {formats} || echo exit $?
        diff -r out m/out
        ls -A m
        """,
        tmp_path,
    )
    assert (ran.returncode, ran.stdout) == (0, "exit 2\nout\n"), ran.stderr
    told = (
        r"qatk: m/out: cannot be written: No space left on device: 0\.\d MB written, 0\.\d MB free, "
        r"and more is needed; free some space or choose another disk with -o\n"
    )
    assert re.fullmatch(told, ran.stderr), ran.stderr


def test_a_disk_that_is_read_only(sample_data, tmp_path):
    ran = mounted(
        f"""
        mount -t tmpfs tmpfs m
        cp -r out m
        mount -o remount,ro m
        $qatk convert {sample_data}/ten.json -o m/new || echo exit $?
        $qatk convert {sample_data}/ten.json -o m/out --overwrite || echo exit $?
        """,
        tmp_path,
    )
    assert ran.stdout == "exit 2\nexit 2\n"
    assert ran.stderr == (
        f"qatk: m/new: cannot be written: Read-only file system ({tmp_path}/m); "
        "choose another place with -o\n"
        "qatk: m/out: is write-protected, so it is not overwritten; choose another name\n"
    )


def test_a_disk_mounted_at_the_output(sample_data, tmp_path):
    ran = mounted(
        f"""
        mount -t tmpfs tmpfs m
        $qatk convert {sample_data}/ten.json -o m --overwrite || echo exit $?
        $qatk convert {sample_data}/ten.json -o m/dataset --split train=1 >/dev/null
        ls m
        mount --bind out out
        $qatk convert {sample_data}/ten.json -o out --overwrite || echo exit $?
        ls -A . out
        """,
        tmp_path,
    )
    assert ran.stdout.split() == [
        "exit",
        "2",
        "dataset",
        "exit",
        "2",
        ".:",
        "m",
        "out",
        "out:",
        *sorted(OURS),
    ]
    assert ran.stderr == (
        "qatk: m: is where a disk is mounted, so it cannot be replaced as a whole; "
        "name a folder in it, e.g. -o m/dataset\n"
        f"qatk: out: cannot be replaced: Device or resource busy ({tmp_path}/out); "
        "choose another place with -o\n"
    )


def test_a_file_that_may_not_grow(sample_data, tmp_path):
    """The system refuses files above 100 kB, so the writing breaks off after the first small ones."""
    output = make(tmp_path / "out")
    command = [PYTHON, "-m", "qatoolkit", "convert", str(sample_data / "clean.csv"), "-o", "out",
               "--overwrite", "--to", "jsonl,parquet"]  # fmt: skip
    ran = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: limits.setrlimit(limits.RLIMIT_FSIZE, (100_000, 100_000)),
        check=False,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "qatk: out: cannot be written: File too large; choose another place with -o\n"
    assert (names(tmp_path), written(output)["manifest.json"]) == (["out"], b"old")


@pytest.mark.parametrize(
    "error",
    [OSError("No space left on device (os error 28)"), pl.exceptions.ComputeError("parquet: (os error 28)")],
)
def test_polars_names_the_system_error_in_the_text_only(tmp_path, error):
    with pytest.raises(DestinationError, match=r"No space left on device: 1\.5 MB written, [\d,.]+ MB free"):
        put_and_fail(tmp_path / "out", error)
    assert names(tmp_path) == []


def test_data_that_cannot_be_forced_to_the_disk_replaces_nothing(tmp_path, monkeypatch):
    output = make(tmp_path / "out")

    def broken(_):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", broken)
    with pytest.raises(DestinationError, match="Input/output error"):
        put(output)
    assert (names(tmp_path), written(output)["manifest.json"]) == (["out"], b"old")


# Errors of others


@pytest.mark.parametrize(
    "error",
    [
        FileNotFoundError(errno.ENOENT, "No such file or directory", "data.csv"),
        InvalidRecordsError("3 records are invalid"),
        pl.exceptions.ComputeError("a defect"),
        KeyError("a defect"),
        KeyboardInterrupt(),
    ],
)
def test_an_error_of_the_block_passes_and_nothing_remains(tmp_path, error):
    with pytest.raises(type(error)) as caught:
        put_and_fail(tmp_path / "a/b/out", error)
    assert caught.value is error
    assert names(tmp_path) == []


def test_invalid_records_leave_nothing_behind(qatk, sample_data, tmp_path):
    assert qatk("convert", sample_data / "messy.csv", "-o", "a/b/out").code == 1
    assert names(tmp_path) == []


# Who may write where


@pytest.fixture
def as_owner(qatk, tmp_path):
    """Runs the command bound by permissions, which the superuser is not."""
    bound = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if bound and not shutil.which("setpriv"):
        pytest.skip("the superuser may write anywhere, and there is no setpriv to bind it")

    def run(*arguments) -> subprocess.CompletedProcess[str]:
        command = [*bound, PYTHON, "-m", "qatoolkit", *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    return run


def test_a_parent_that_may_not_be_written(as_owner, sample_data, tmp_path):
    output = make(tmp_path / "locked" / "out")
    output.parent.chmod(0o500)
    for name in ("locked/out", "locked/new"):
        ran = as_owner("convert", sample_data / "ten.json", "-o", name, "--overwrite")
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == (
            f"qatk: {name}: cannot be written: Permission denied ({tmp_path}/locked); "
            "choose another place with -o\n"
        )
    output.parent.chmod(0o700)
    assert names(output.parent) == ["out"]


def test_an_output_that_is_write_protected(as_owner, sample_data, tmp_path):
    output = make(tmp_path / "out")
    output.chmod(0o500)
    ran = as_owner("convert", sample_data / "ten.json", "-o", "out", "--overwrite")
    assert ran.stderr == "qatk: out: is write-protected, so it is not overwritten; choose another name\n"
    assert written(output)["manifest.json"] == b"old"


def test_a_private_folder_stays_private(tmp_path):
    output = make(tmp_path / "out")
    output.chmod(0o700)
    put(output)
    assert (output.stat().st_mode & 0o777, written(output)["manifest.json"]) == (0o700, b"new")


# Names


def test_a_destination_that_exists_is_refused_before_anything_is_read(tmp_path):
    make(tmp_path / "out")
    with pytest.raises(DestinationError, match=r"out: exists already; .*--overwrite"):
        convert(tmp_path / "no-such-file.csv", tmp_path / "out")


@pytest.mark.parametrize("content", ["notes.txt", "manifest.json"])
def test_a_folder_that_is_not_ours_is_never_overwritten(sample_data, tmp_path, content):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / content).write_text("{}", "utf-8")
    with pytest.raises(DestinationError, match="mine: holds no converted dataset, so it is not overwritten"):
        convert(sample_data / "ten.json", tmp_path / "mine", overwrite=True)
    assert written(tmp_path) == {f"mine/{content}": b"{}"}


@pytest.mark.parametrize(
    ("added", "named"),
    [
        (["notes.txt"], "notes.txt, which"),
        (["run/model.bin", "train/mine.arrow", "zzz"], "run/model.bin and 2 more, which"),
        (["second/manifest.json", "second/lineage.parquet"], "second/lineage.parquet and 1 more, which"),
    ],
)
def test_what_somebody_laid_into_a_dataset_is_never_removed(sample_data, tmp_path, added, named):
    output = tmp_path / "out"
    convert(sample_data / "ten.json", output, split="train=1")
    for name in added:
        (output / name).parent.mkdir(exist_ok=True)
        (output / name).write_text("precious", "utf-8")
    before = written(tmp_path)
    message = f"{output}: holds {named} qatk convert did not write, so it is not overwritten; move"
    with pytest.raises(DestinationError, match=re.escape(message)):
        convert(tmp_path / "no-such-file.csv", output, overwrite=True)
    assert written(tmp_path) == before


def test_a_link_in_a_dataset_is_somebodys_too(sample_data, tmp_path):
    convert(sample_data / "ten.json", tmp_path / "out", split="train=1")
    (tmp_path / "out" / "runs").symlink_to(tmp_path, target_is_directory=True)
    with pytest.raises(DestinationError, match=r"out: holds runs, which"):
        check_destination(tmp_path / "out", overwrite=True)


def test_what_is_laid_into_a_dataset_meanwhile_is_kept(tmp_path):
    output = make(tmp_path / "out")
    with pytest.raises(DestinationError, match=r"notes\.txt"), placed(output, overwrite=True):
        (output / "notes.txt").write_text("precious", "utf-8")
    assert (output / "notes.txt").read_text("utf-8") == "precious"
    assert names(tmp_path) == ["out"]


def test_of_a_damaged_manifest_it_is_not_known_what_else_is_whose(sample_data, tmp_path):
    convert(sample_data / "ten.json", tmp_path / "out", split="train=1")
    (tmp_path / "out" / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(DestinationError, match=r"out: holds dataset_dict\.json and \d more, which"):
        check_destination(tmp_path / "out", overwrite=True)


def test_what_is_free_to_change_in_a_dataset_is_replaced(sample_data, tmp_path):
    output = tmp_path / "out"
    convert(sample_data / "ten.json", output, split="train=1")
    for name in ("README.md", "train/cache-0a1b.arrow", ".DS_Store"):
        (output / name).write_text("edited", "utf-8")
    (output / "empty").mkdir()
    convert(sample_data / "ten.json", output, split="train=1", overwrite=True)
    assert b"edited" not in written(output).values()


@pytest.mark.parametrize("overwrite", [False, True])
def test_a_file_where_the_folder_should_be(sample_data, tmp_path, overwrite):
    (tmp_path / "file").write_text("mine", "utf-8")
    with pytest.raises(DestinationError, match=r"file: is a file and holds no converted dataset; choose an"):
        convert(sample_data / "ten.json", tmp_path / "file", overwrite=overwrite)
    with pytest.raises(DestinationError, match=r"file/out: cannot be written: .*file\); choose another pl"):
        convert(sample_data / "ten.json", tmp_path / "file" / "out", overwrite=overwrite)
    assert written(tmp_path) == {"file": b"mine"}


def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "link").symlink_to("folder/real")
    for text in ("one", "two"):
        put(tmp_path / "link", text)
        assert (tmp_path / "link").is_symlink()
        assert written(tmp_path / "folder/real")["manifest.json"] == text.encode()
    assert (names(tmp_path), names(tmp_path / "folder")) == (["folder", "link"], ["real"])


def test_a_link_to_itself(tmp_path):
    (tmp_path / "link").symlink_to("link")
    with pytest.raises(DestinationError, match="link: is a file"):
        put(tmp_path / "link")


@pytest.mark.parametrize("name", ["é" * 125, "out/", "a b/it's [1]", "-o", "missing/parents/out", ".hidden"])
def test_names(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    for text in ("one", "two"):
        check_destination(Path(name), overwrite=True)
        put(Path(name), text)
        assert written(tmp_path / name)["manifest.json"] == text.encode()
    assert names(tmp_path) == [name.split("/")[0]]


def test_a_name_that_is_too_long(tmp_path):
    name = tmp_path / ("x" * 256)
    with pytest.raises(DestinationError, match=f"{name}: cannot be written: File name too long"):
        check_destination(name, overwrite=False)
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", [".", "..", "../inside", "./"])
def test_the_current_folder_is_not_replaced_under_ones_feet(tmp_path, monkeypatch, name):
    monkeypatch.chdir(make(tmp_path / "inside"))
    with pytest.raises(DestinationError) as caught:
        check_destination(Path(name), overwrite=True)
    assert str(caught.value) == (
        f"{Path(name)}: is the folder you are in, or holds it, and would be replaced as a whole; "
        f"name a folder in it, e.g. -o {Path(name) / 'dataset'}"
    )
    assert (names(tmp_path), written(tmp_path / "inside")["manifest.json"]) == (["inside"], b"old")


def test_two_folders_change_places(tmp_path):
    if sys.platform not in exchange._CALLS:
        pytest.skip("this system has no call for it")
    one, other = make(tmp_path / "one", "1"), make(tmp_path / "other", "2")
    assert exchange._exchange(one, other)
    assert (written(one)["manifest.json"], written(other)["manifest.json"]) == (b"2", b"1")
    assert not exchange._exchange(one, tmp_path / "missing")
