"""`python -m llmaas.workers --pool ID --fd N`: one worker process; started by the gateway only."""

import argparse
from pathlib import Path

from llmaas.workers.process import main

parser = argparse.ArgumentParser(prog="python -m llmaas.workers", description=__doc__)
parser.add_argument("--fd", type=int, required=True, help="inherited socket to the gateway")
parser.add_argument("--pool", help="which pool this is, for the reader of a process list")
parser.add_argument("--weights-dir", type=Path, help="of this machine, for a gateway on another")
arguments = parser.parse_args()
main(arguments.fd, arguments.weights_dir)
