# The real supervisorctl, many times over: its modules are loaded once, and each command runs in a fork of its own.
# Reads a line of JSON for each command: {"argv": [...], "stdin": text, "cwd": path, "interrupt": seconds or null};
# answers with a line: {"stdout": text, "stderr": text, "code": int}.
import json
import os
import signal
import sys
import tempfile
import threading

from supervisor import supervisorctl, rpcinterface, xmlrpc  # noqa: F401


def become(question, streams):
    for number, stream in enumerate(streams):
        os.dup2(stream.fileno(), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout = open(1, "w", encoding="utf-8", buffering=1, closefd=False)
    sys.stderr = open(2, "w", encoding="utf-8", buffering=1, closefd=False)
    # Both were taken when the modules were loaded.
    supervisorctl.ClientOptions.stdout = sys.stdout
    supervisorctl.ClientOptions.stderr = sys.stderr
    os.chdir(question["cwd"])
    sys.argv = ["/usr/bin/supervisorctl"] + question["argv"]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    code = 1
    try:
        supervisorctl.main(question["argv"])
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0 if error.code is None else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def ask(question):
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        stdin.write(question["stdin"].encode())
        stdin.seek(0)
        pid = os.fork()
        if pid == 0:
            become(question, (stdin, out, err))
        timer = None
        if question["interrupt"] is not None:
            timer = threading.Timer(question["interrupt"], os.kill, (pid, signal.SIGINT))
            timer.start()
        _, status = os.waitpid(pid, 0)
        if timer is not None:
            timer.cancel()
        texts = []
        for stream in (out, err):
            stream.seek(0)
            texts.append(stream.read().decode(errors="replace"))
        return {"stdout": texts[0], "stderr": texts[1], "code": os.waitstatus_to_exitcode(status)}


for line in sys.stdin:
    print(json.dumps(ask(json.loads(line))), flush=True)
