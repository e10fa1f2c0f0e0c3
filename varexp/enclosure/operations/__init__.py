"""The rules for torch's functions, one file a group. Importing this package fills `protocol.TABLE`."""

from varexp.enclosure.protocol import Enclosure
from varexp.enclosure.refusals import refuse_attributes
from varexp.registry import import_all

import_all(__path__, __name__)
refuse_attributes(Enclosure)  # whatever no rule has answered
