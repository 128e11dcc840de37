//! The platform's and the team's people in the API.
