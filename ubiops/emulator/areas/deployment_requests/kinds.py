"""The kinds of objects of this area as errors name them, and the statuses."""

from __future__ import annotations

REQUEST = "Request"
DATA = "Request data"

PENDING = "pending"
PROCESSING = "processing"
CANCELLED_PENDING = "cancelled_pending"
COMPLETED = "completed"
FAILED = "failed"
CANCELLED = "cancelled"

OPEN = (PENDING, PROCESSING, CANCELLED_PENDING)
ENDED = (COMPLETED, FAILED, CANCELLED)
