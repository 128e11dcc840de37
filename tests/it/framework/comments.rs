//! The comments in the database: nothing is without one, and personal data is marked.

use crate::support::TestApp;

/// Every column that holds personal data: what names or reaches a person, where they were, their credentials, and what
/// people type about one another. To add a column here is a decision: say how it is erased, exported and kept (facts J).
const PERSONAL: &[&str] = &[
    "audit_events.after",
    "audit_events.before",
    "audit_events.ip",
    "carts.billing_address",
    "carts.email",
    "carts.note",
    "carts.shipping_address",
    "carts.vat_number",
    "customer_addresses.address",
    "customer_sessions.ip",
    "customer_sessions.user_agent",
    "customers.email",
    "customers.first_name",
    "customers.last_name",
    "customers.password_hash",
    "customers.phone",
    "fulfilments.tracking_number",
    "fulfilments.tracking_url",
    "inventory_locations.address",
    "inventory_movements.note",
    "order_events.note",
    "orders.billing_address",
    "orders.email",
    "orders.note",
    "orders.shipping_address",
    "orders.vat_number",
    "payments.reference",
    "platform_audit_events.after",
    "platform_audit_events.before",
    "platform_audit_events.ip",
    "team_invitations.email",
    "team_members.email",
    "team_members.name",
    "user_sessions.ip",
    "user_sessions.user_agent",
    "users.email",
    "users.name",
    "users.password_hash",
    "vendors.contact_email",
    "vendors.legal",
];

/// Tables and views (`name`) and their columns (`name.column`) with their comments, sorted by bytes.
const COMMENTS: &str = "SELECT name, comment FROM (
        SELECT c.relname::text AS name, obj_description(c.oid, 'pg_class') AS comment FROM pg_class c
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
        UNION ALL
        SELECT c.relname || '.' || a.attname, col_description(c.oid, a.attnum) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')) AS described
    WHERE split_part(name, '.', 1) <> '__diesel_schema_migrations'
    ORDER BY name COLLATE \"C\"";

#[tokio::test(flavor = "multi_thread")]
async fn everything_has_a_comment_and_personal_columns_are_known() {
    let app = TestApp::start().await;
    let rows = app.owner_sql().await.query(COMMENTS, &[]).await.expect("comments");
    let described: Vec<(String, Option<String>)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    assert!(described.len() > 600, "only {} tables and columns were found", described.len());
    let silent: Vec<&str> = described
        .iter()
        .filter(|(_, comment)| comment.as_ref().is_none_or(|text| text.trim().is_empty()))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(silent, Vec::<&str>::new(), "say what they mean in the migration that makes them");
    let personal: Vec<&str> = described
        .iter()
        .filter(|(_, comment)| comment.as_ref().is_some_and(|text| text.starts_with("personal: ")))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(personal, PERSONAL);
}
