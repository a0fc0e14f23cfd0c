"""How a command ends: exit codes, and failures that are told to a person in one line.

code  meaning                                                            who meets it
----  -----------------------------------------------------------------  -------------------
   0  done; for `check`: no error (warnings are allowed)                 everyone
   1  problems in what was given: catalogue, bundle, generated files     check, generate, up …
   2  wrong usage: unknown option, unknown model id, missing argument    everyone
   3  cannot start: port in use, state directory locked or not writable  up, serve, docs serve
   4  network or download failed                                         pull, plan
  10  the plan holds changes that customers must be told of              plan
  11  the plan holds changes that break a promise                        plan
  70  a defect of this program; the traceback is in the log              everyone
 130  interrupted before it was ready, or twice                          up, serve, pull
"""

from enum import IntEnum


class Exit(IntEnum):
    """The exit codes, as `llmaas --help` documents them."""

    OK = 0
    PROBLEMS = 1
    USAGE = 2
    CANNOT_START = 3
    NETWORK = 4
    NOTICE_NEEDED = 10
    BREAKING = 11
    DEFECT = 70
    INTERRUPTED = 130


MEANINGS: dict[Exit, str] = {
    Exit.OK: "done; warnings are allowed",
    Exit.PROBLEMS: "problems in the catalogue, the bundle or the generated files",
    Exit.USAGE: "wrong usage: unknown option, unknown model id, missing argument",
    Exit.CANNOT_START: "cannot start: port in use, state directory locked or not writable",
    Exit.NETWORK: "network or download failed",
    Exit.NOTICE_NEEDED: "plan: a change needs a notice to customers, none breaks a promise",
    Exit.BREAKING: "plan: a change breaks a promise to customers",
    Exit.DEFECT: "a defect of this program; the traceback is in the log it names",
    Exit.INTERRUPTED: "interrupted before it was ready, or interrupted twice",
}


class CommandError(Exception):
    """A command cannot go on; `message` names the thing, `remedy` what to do about it."""

    def __init__(self, exit_code: Exit, message: str, remedy: str | None = None) -> None:
        super().__init__(message)
        self.exit_code = exit_code
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return self.message if self.remedy is None else f"{self.message}\nhelp: {self.remedy}"
