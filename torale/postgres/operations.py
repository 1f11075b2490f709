"""Operations for migrations, which must not stop those who use the tables meanwhile."""

from typing import Any, Final

from django.contrib.postgres import operations

IS_VALID: Final = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)"


class AddIndexConcurrently(operations.AddIndexConcurrently):
    """Django's operation, which can be repeated.

    PostgreSQL builds such an index outside of a transaction. A run that is killed leaves an index
    that is invalid, or one that is valid and not recorded as applied; at each, Django's operation
    would fail because the index exists.
    """

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any
    ) -> None:
        """Create the index, in place of an invalid one."""
        self._ensure_not_in_transaction(schema_editor)
        name = schema_editor.quote_name(self.index.name)
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(IS_VALID, [name])
            row = cursor.fetchone()
        if row == (True,):
            return
        if row:
            schema_editor.execute(f"DROP INDEX CONCURRENTLY {name}")
        super().database_forwards(app_label, schema_editor, from_state, to_state)
