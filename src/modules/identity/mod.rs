//! People who log in: admins and teams.
