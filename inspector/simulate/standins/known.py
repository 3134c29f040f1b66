"""The stand-ins there are, by the name of their provider."""

from collections.abc import Mapping
from types import MappingProxyType

from inspector.simulate.standins.checkfront import CHECKFRONT
from inspector.simulate.standins.jinko import JINKO
from inspector.simulate.standins.model import StandIn
from inspector.simulate.standins.wink import WINK

STAND_INS: Mapping[str, StandIn] = MappingProxyType(
    {
        each.provider: each
        for each in (
            CHECKFRONT,
            JINKO,
            WINK,
        )
    }
)
