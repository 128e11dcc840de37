//! Directives that are printed into the schema.

use async_graphql::TypeDirective;

/// Who may call the field: a permission of the team (see `Permission`), or `PUBLIC`, `CUSTOMER`, `TEAM`, `ADMIN`,
/// `SUPER_ADMIN`, `ADMIN_OR_AUDIT`.
#[TypeDirective(location = "FieldDefinition")]
pub fn permission(name: String) {}
