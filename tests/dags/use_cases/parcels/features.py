"""Never imported: these tests load declarations, not transforms."""
