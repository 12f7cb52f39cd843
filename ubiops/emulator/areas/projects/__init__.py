"""The area projects.

Projects, their users, variables, quotas, counts, audit events and logs.
"""

from __future__ import annotations

EMULATED = """
A project comes into being when it is named: `projects_get` with a valid name creates
it, and so does the first object in it. After `projects_delete` it is gone until
something is created in it again. Its name can be changed at any time.

- `suspend` and `credits` are kept, but stop nothing. There are no quotas, so
  `quotas_list` returns null for each of them, and nothing costs credits.
- Logs are kept for 28 days by the emulator's clock, the newest 1,000,000 lines of each
  project. `logs_list` understands line filters and label filters, also with
  parentheses. Regular expressions are those of RE2 without named classes, `\\b` and
  flags other than a leading `(?i)` or `(?s)`; one that takes too long is rejected.
- Roles and rights have no effect: whoever holds a token may do everything.
"""
