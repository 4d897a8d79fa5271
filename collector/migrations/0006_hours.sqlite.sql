-- By which hours that are over are found; PostgreSQL has months.
CREATE INDEX observations_hour ON observations (hour);
