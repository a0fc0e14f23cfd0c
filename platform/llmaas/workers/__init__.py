"""Workers: one process per loaded model, and the gateway's side of them.

Importing this loads no engine: `llama_cpp`, whisper.cpp and FFmpeg are imported in worker processes
only.
"""

from llmaas.workers.deployed import DeployedPools
from llmaas.workers.deployment import ServedModel, plan_deployment
from llmaas.workers.failures import GenerationFailed, WorkerError, WorkerUnavailable
from llmaas.workers.instance import Supervision
from llmaas.workers.lease import Lease
from llmaas.workers.machines import RemoteMachine
from llmaas.workers.pools import Workers
from llmaas.workers.protocol import (
    Delta,
    Embed,
    Embedded,
    Failed,
    Finished,
    Generate,
    Sampling,
    Started,
    Transcribe,
    Transcribed,
    Usage,
)
from llmaas.workers.reconfiguration import ReconfigurationFailed
from llmaas.workers.status import PoolState, PoolStatus
from llmaas.workers.weights import weights_path

__all__ = [
    "Delta",
    "DeployedPools",
    "Embed",
    "Embedded",
    "Failed",
    "Finished",
    "Generate",
    "GenerationFailed",
    "Lease",
    "PoolState",
    "PoolStatus",
    "ReconfigurationFailed",
    "RemoteMachine",
    "Sampling",
    "ServedModel",
    "Started",
    "Supervision",
    "Transcribe",
    "Transcribed",
    "Usage",
    "WorkerError",
    "WorkerUnavailable",
    "Workers",
    "plan_deployment",
    "weights_path",
]
