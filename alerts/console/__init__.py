"""The agents' web pages: the list of firms to deal with, a firm's page, and what happens as it happens.

`app` says which answer stands where: `lists`, `firms` and `logging_in` give them, behind `guard`; `answers` is what
they share.

Server-rendered, on Redis alone; what a person may see is decided by `alerts.scope`, for pages, actions and the stream
alike. Starlette, uvicorn and Jinja2 are needed (`pip install 'vigie[console]'`).
"""
