"""A datasource that reads tables and queries of databases for ymltrain, through SQLAlchemy."""
