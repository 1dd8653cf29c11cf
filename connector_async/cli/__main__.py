"""
`python -m connector_async.cli` is `connector-async`.
"""

from connector_async.cli import main

main()
