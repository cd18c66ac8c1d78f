"""Calls every method of a server with Python's own client: argv[1] is a URL, or the path of a unix socket.
Prints what each answered, as JSON; the credentials of a URL are sent by the client itself."""
import http.client
import json
import socket
import sys
import xmlrpc.client


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class UnixTransport(xmlrpc.client.Transport):
    def __init__(self, path):
        super().__init__()
        self.path = path

    def make_connection(self, host):
        if self._connection[0] is None:
            self._connection = self.path, UnixConnection(self.path)
        return self._connection[1]


CALLS = [
    ("system.listMethods",),
    ("system.methodHelp", "supervisor.getPID"),
    ("system.methodSignature", "supervisor.startProcess"),
    ("system.multicall", [{"methodName": "supervisor.getPID", "params": []}]),
    ("supervisor.getAPIVersion",),
    ("supervisor.getVersion",),
    ("supervisor.getSupervisorVersion",),
    ("supervisor.getIdentification",),
    ("supervisor.getState",),
    ("supervisor.getPID",),
    ("supervisor.readLog", 0, 4),
    ("supervisor.readMainLog", -4, 0),
    ("supervisor.clearLog",),
    ("supervisor.reloadConfig",),
    ("supervisor.startProcess", "cat"),
    ("supervisor.startProcess", "cat", True),
    ("supervisor.startProcessGroup", "multi", False),
    ("supervisor.startAllProcesses",),
    ("supervisor.signalProcess", "cat", "HUP"),
    ("supervisor.signalProcessGroup", "multi", "HUP"),
    ("supervisor.signalAllProcesses", "HUP"),
    ("supervisor.sendProcessStdin", "cat", "h\u00e9llo\n"),
    ("supervisor.sendRemoteCommEvent", "kind", "d\u00e4ta"),
    ("supervisor.getProcessInfo", "cat"),
    ("supervisor.getAllProcessInfo",),
    ("supervisor.getAllConfigInfo",),
    ("supervisor.readProcessLog", "cat", 0, 0),
    ("supervisor.readProcessStdoutLog", "cat", 0, 0),
    ("supervisor.readProcessStderrLog", "cat", 0, 0),
    ("supervisor.tailProcessLog", "cat", 0, 10),
    ("supervisor.tailProcessStdoutLog", "cat", 0, 10),
    ("supervisor.tailProcessStderrLog", "cat", 0, 10),
    ("supervisor.clearProcessLog", "cat"),
    ("supervisor.clearProcessLogs", "cat"),
    ("supervisor.clearAllProcessLogs",),
    ("supervisor.stopProcess", "cat"),
    ("supervisor.stopProcessGroup", "multi"),
    ("supervisor.stopAllProcesses",),
    ("supervisor.removeProcessGroup", "cat"),
    ("supervisor.addProcessGroup", "cat"),
    ("supervisor.restart",),
    ("supervisor.shutdown",),
]

where = sys.argv[1]
if where.startswith("http"):
    proxy = xmlrpc.client.ServerProxy(where + "/RPC2")
else:
    proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=UnixTransport(where))
answers = []
for name, *arguments in CALLS:
    try:
        answers.append([name, getattr(proxy, name)(*arguments)])
    except xmlrpc.client.Fault as fault:
        answers.append([name, {"fault": fault.faultCode, "text": fault.faultString}])
json.dump(answers, sys.stdout)
