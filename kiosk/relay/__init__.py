"""Relay: a community centre's mirror of the board protocol. A client of it (upstream, line, mirror, courier) over a store of plain fsynced
files; web/relay.py serves the same protocol again from there. It knows no database and none of the content's rules.
"""
