"""The HTTP JSON API for other programs, under /api/v1 of the console: its desk and its scope, no rule of its own.

tokens      who may ask: names, zones, rights; only hashes are kept
models      what is asked and answered
cursor      where the next page of a list begins; pure
problems    refusals (RFC 9457)
limits      how often a token may ask; pure
service     the answers, a method an operation
operations  the table of all operations
openapi     the description of that table
app         the application
"""
