"""What can be wrong about a refinement itself; what is wrong about data is quarantined in bronze."""

from lakehouse_project.kernel.errors import PermanentError


class ContractBroken(PermanentError):
    """A frame on its way into the star schema is not what its contract says. The run stops and writes nothing."""

    code = "contract_broken"
