"""Write the SQL files for DBAs: ``python -m db_schema``."""

import sys

from db_schema.migrate import write_plain_sql

for path in write_plain_sql():
    sys.stdout.write(f"{path}\n")
