//! People, teams and sessions in the API.

mod audit;
mod objects;
mod session;
mod team;
mod viewer;

pub use audit::{AuditEvent, AuditQuery};
pub use objects::{Admin, Role, TeamMember, User};
pub use session::{Session, SessionMutation, SessionPayload};
pub use team::{TeamMutation, TeamQuery, load_role, load_team_member};
pub use viewer::{UserQuery, Viewer, ViewerQuery};
