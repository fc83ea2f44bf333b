"""Exports trained networks: `export.plan` decides which files to write, `Export.write` writes and checks one.

A format is a module with two functions, named in `formats.FORMATS`; `formats.Writer` specifies them. Importing this
package imports no heavy package.
"""
