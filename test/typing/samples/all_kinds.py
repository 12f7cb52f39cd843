"""Calls with every kind of argument and result, on the methods of the golden files."""

from __future__ import annotations

from datetime import date, datetime

import ubiops
import ubiops.api

api = ubiops.CoreApi()
now = datetime(2024, 3, 5)

# --- bodies ---------------------------------------------------------------------------
reveal_type(api.loans_create(7, "text"))  # Any
reveal_type(api.loans_create(7, {"title": [1, None]}, priority=0, loan_ttl=3))  # Any
reveal_type(api.loans_batch_get(7, ["a"]))  # list[ImportList]
reveal_type(api.loans_update(7, "a", ubiops.LoanUpdate(reader="ada")))  # None
reveal_type(api.loans_update(7, "a", [{"reader": "ada"}]))  # None
reveal_type(api.loans_renew(7, "a"))  # dict[str, str]
reveal_type(api.loans_renew(7, "a", days=3, data={}))  # dict[str, str]
reveal_type(api.loans_photo_replace(7, "a", b"content"))  # None
reveal_type(api.loans_photo_create(7, "a", "photo.png", public=True, taken=now, copies=1))  # None
api.loans_create(7)  # error
api.loans_create(7, "text", priority=2)  # error
api.loans_update(7, "a")  # error
api.loans_update(7, "a", "ada")  # error
api.loans_renew(7, "a", {})  # error
api.loans_photo_replace(7, "a", 1)  # error
api.loans_photo_create(7, "a")  # error
api.loans_photo_create(7, "a", "photo.png", public="yes")  # error

# --- parameters -----------------------------------------------------------------------
reveal_type(api.loans_list(7, status=["pending"], years=[2024], since=now, day=date(2024, 3, 5), weight=1))  # list[Any]
reveal_type(api.loans_list(7, status="pending,lent", since="2024-03-05T08:58:12Z", day="2024-03-05"))  # list[Any]
reveal_type(api.loans_search(7, "ada", "newest", limit=1))  # ImportList
reveal_type(api.loans_search(7, reader="ada"))  # ImportList
api.loans_list(7, status=["lost"])  # error
api.loans_list(7, since=1.5)  # error
api.loans_search(7)  # error
api.loans_search(7, "ada", "newest", 1)  # error

# --- results --------------------------------------------------------------------------
reveal_type(api.loans_photo_download(7, "a"))  # Response
reveal_type(api.loans_photo_download(7, "a", _preload_content=True))  # str
reveal_type(api.loans_photo_download(7, "a", async_req=True).get())  # Response
reveal_type(api.service_status())  # Status
reveal_type(ubiops.api.Status().service_status().status)  # str
reveal_type(api.loans_create_with_http_info(7, [1])[1])  # int
