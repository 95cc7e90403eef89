"""A stand-in for `QiskitRuntimeService`: its jobs run on a fake device, through the real sampler in its local mode."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

SECRET = "crn:v1:bluemix:public:quantum-computing:us-east:a/0123:4567::"
"""What must never be shown."""


@dataclass
class StandIn:
    """Knows one device under an IBM name, two instances of the account, and jobs by id and tag."""

    name: str = "ibm_manila"
    jobs_by_id: dict[str, Any] = field(default_factory=dict)
    tags: dict[str, tuple[str, ...]] = field(default_factory=dict)
    options: list[Any] = field(default_factory=list)
    refusal: Exception | None = None
    knows_filter: bool = True
    """Whether it lists jobs by their tags; else all of them."""
    out_of_order: Literal["", "at once", "later"] = ""
    """Since when its devices cannot be asked for their targets: from the start, or once they have been calibrated."""

    def active_account(self) -> dict[str, str]:
        return {"token": SECRET}

    def backend(self, name: str) -> Any:
        from qiskit.providers.exceptions import QiskitBackendNotFoundError

        from hyperborn.backends.simulators.fake_device import device_named

        if name != self.name:
            raise QiskitBackendNotFoundError(f"No backend matches the criteria in {SECRET}")
        device = device_named("fake_manila")
        if self.out_of_order:
            device.__class__ = out_of_order(type(device), self.out_of_order)
        return device

    def backends(self) -> Sequence[Any]:
        device = self.backend(self.name)
        device.name = self.name
        return [device]

    def instances(self) -> Sequence[dict[str, str]]:
        return [{"crn": "another"}, {"crn": SECRET}]

    def jobs(self, *, limit: int | None, job_tags: list[str], descending: bool, instance: str) -> Sequence[Any]:
        assert limit is None
        assert not descending
        asked = set(job_tags) if self.knows_filter else set()
        mine = [job for key, job in self.jobs_by_id.items() if asked <= set(self.tags[key])]
        return mine if instance == SECRET else []

    def job(self, key: str) -> Any:
        from qiskit_ibm_runtime.exceptions import RuntimeJobNotFound

        if key not in self.jobs_by_id:
            raise RuntimeJobNotFound(f"Job not found: {key} in {SECRET}")
        return self.jobs_by_id[key]

    def sampler(self, mode: Any) -> "Recorded":
        from hyperborn.backends.services.ibm import sampler_class

        return Recorded(self, sampler_class()(mode=mode))


@dataclass
class Recorded:
    """The real sampler; its jobs are remembered by the service, under the tags of its options."""

    service: StandIn
    real: Any

    @property
    def options(self) -> Any:
        return self.real.options

    def run(self, blocks: Sequence[Any], *, shots: int) -> Any:
        if self.service.refusal is not None:
            raise self.service.refusal
        job = self.real.run(blocks, shots=shots)
        self.service.options.append(self.real.options)
        self.service.jobs_by_id[job.job_id()] = job
        self.service.tags[job.job_id()] = tuple(self.real.options.environment.job_tags)
        job.tags = list(self.real.options.environment.job_tags)
        return job


def out_of_order(kind: type, since: str) -> type:
    """The class of a device whose client raises when it asks for the target, as it often has to."""
    failing = [since == "at once"]

    class OutOfOrder(kind):
        @property
        def target(self) -> Any:
            if failing[0]:
                raise RuntimeError(f"no answer for token={SECRET}")
            return super().target

        def properties(self, **options: Any) -> Any:
            found = super().properties(**options)
            failing[0] = True
            return found

    return OutOfOrder
