"""The commands, one file each: the click command (or group) of that file is named `command`.

`COMMANDS` is all that `vigie --help` needs, so that help and a mistyped name import no command. A test holds each line
equal to the command's own help.
"""

COMMANDS = {
    "demo": "Run everything on this machine, with nothing else installed.",
    "simulate": "Write partner files of simulated firms, reproducible by seed.",
    "ingest": "Read partner files and write their events.",
    "replay": "Run the whole detection chain over files, without Kafka.",
    "evaluate": "Judge scores by the proceedings that came.",
    "seed": "Fill an empty cluster with the state and model of a replay.",
    "topics": "Create the topics on a Kafka cluster, or compare them.",
    "models": "List the models on a cluster, or keep the one in force.",
    "worker": "Run the Faust worker: events in, alerts out.",
    "alerts": "Watch alerts, list the firms to deal with, take and follow them.",
    "console": "Serve the web pages on which agents see and work on their cases.",
    "notify": "Send alerts to webhooks and by mail, as the file of subscriptions says, until SIGTERM or SIGINT.",
    "audit": "Read and check the log of who read, changed or was refused what.",
    "access": "Make Redis users from the clearance file, review who sees what, end sessions, give tokens to programs.",
    "firm": "Erase what is held about a firm.",
    "status": "Show lag, model, alerts, dead letters and health on one screen.",
    "doctor": "Check the installation and say what to do about what is wrong.",
    "dead-letters": "List the events that were refused, or put them back.",
}
"""The first sentence of each command's help, by name, in the order of `vigie --help`."""


def module_name(command: str) -> str:
    """The module that holds a command.

    >>> module_name("dead-letters")
    'vigie.commands.dead_letters'
    """
    return f"{__name__}.{command.replace('-', '_')}"
