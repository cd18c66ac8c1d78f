"""Reads configurations with the real supervisord's own code and prints what came of them as JSON.

stdin: {"files": [path, ...]} and further lists of texts; the environment is this process's own.
stdout: the same lists with a result for each element.
"""
import configparser
import json
import shlex
import sys
import warnings

warnings.simplefilter("ignore")
import supervisor.datatypes as datatypes  # noqa: E402
import supervisor.options as real  # noqa: E402
from supervisor.datatypes import Automatic, RestartUnconditionally, RestartWhenExitUnexpected  # noqa: E402
from supervisor.events import getEventNameByType  # noqa: E402


class Refused(Exception):
    pass


class Options(real.ServerOptions):
    def usage(self, msg):
        raise Refused(str(msg))


def autorestart(value):
    return {RestartUnconditionally: True, RestartWhenExitUnexpected: "unexpected"}.get(value, False)


def process(config):
    names = [n for n in config.req_param_names + config.optional_param_names]
    found = {name: getattr(config, name) for name in names}
    found["autorestart"] = autorestart(config.autorestart)
    found["stopsignal"] = int(config.stopsignal)
    for name in ("stdout_logfile", "stderr_logfile"):
        if found[name] is Automatic:
            found[name] = "AUTO"
    return found


def group(config):
    found = {
        "type": type(config).__name__,
        "name": config.name,
        "priority": config.priority,
        "processes": [process(p) for p in config.process_configs],
    }
    if hasattr(config, "pool_events"):
        found["events"] = sorted(getEventNameByType(e) for e in config.pool_events)
        found["buffer_size"] = config.buffer_size
    if hasattr(config, "socket_config"):
        socket = config.socket_config
        found["socket"] = {
            "url": socket.url,
            "backlog": socket.backlog,
            "mode": getattr(socket, "mode", None),
            "owner": getattr(socket, "owner", None),
        }
    return found


def server(config):
    return {k: v for k, v in config.items() if k not in ("family", "name")}


def load(path):
    options = Options()
    try:
        options.realize(["-c", path], doc="", progname="supervisord")
    except Refused as refused:
        return {"error": str(refused)}
    except Exception as error:  # a defect of the real one
        return {"crash": repr(error)}
    names = ("logfile logfile_maxbytes logfile_backups loglevel pidfile umask nodaemon silent minfds minprocs nocleanup "
             "strip_ansi childlogdir uid directory identifier serverurl").split()
    settings = {name: getattr(options, name) for name in names}
    settings["environment"] = options.configroot.supervisord.environment
    return {
        "settings": settings,
        "servers": [server(s) for s in options.server_configs],
        "groups": [group(g) for g in options.process_group_configs],
        "warnings": options.parse_warnings,
        "infos": options.parse_infos,
    }


def grammar(text):
    parser = real.UnhosedConfigParser()
    try:
        parser.read_string(text, "the file")
    except configparser.ParsingError as error:
        return {"error": str(error)}
    sections = {name: dict(parser._sections[name]) for name in parser.sections()}
    return {"sections": sections, "defaults": dict(parser.defaults())}


def attempt(work):
    def answer(text):
        try:
            return {"value": work(text)}
        except ValueError as error:
            return {"error": str(error)}
    return answer


NAMES = {"name": "text", "number": 5, "minus": -42}

answers = {
    "files": load,
    "grammar": grammar,
    "formats": attempt(lambda text: real.expand(text, NAMES, "x")),
    "commands": attempt(shlex.split),
    "pairs": attempt(datatypes.dict_of_key_value_pairs),
    "reprs": repr,
}

sys.argv = ["supervisord"]
request = json.load(sys.stdin)
json.dump({kind: [answers[kind](each) for each in values] for kind, values in request.items()}, sys.stdout)
