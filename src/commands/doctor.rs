//! `orion doctor`: the invariants of isolation, money and inventory, held against a live database.

use tokio_postgres::NoTls;

use super::CommandError;
use crate::app::App;

/// Tables that are the platform's, not a vendor's, each with its reason.
pub const PLATFORM_TABLES: &[(&str, &str)] = &[
    ("vendors", "the tenants themselves: the policy compares the id"),
    ("users", "people, who may belong to several vendors"),
    ("user_sessions", "sessions of admins and teams, found before a vendor is known"),
    ("login_challenges", "logins that wait for an answer"),
    ("platform_audit_events", "what admins do above all vendors"),
    ("platform_idempotency_keys", "keys of admins"),
    ("tax_rates", "the law's, the same for all"),
    ("__diesel_schema_migrations", "what has been migrated"),
];

/// Unique keys that do not begin with the vendor, each with its reason.
pub const GLOBAL_KEYS: &[(&str, &str)] = &[("vendor_domains_domain_key", "a domain leads to one vendor")];

/// Each check: its name, and a statement whose rows are the breaches.
const CHECKS: &[(&str, &str)] = &[
    (
        "roles",
        "SELECT rolname || ' is superuser, bypasses row security or inherits' FROM pg_roles
         WHERE rolname IN ('orion_owner', 'orion_app', 'orion_platform', 'orion_worker')
           AND (rolsuper OR rolbypassrls)
         UNION ALL
         SELECT m.rolname || ' is a member of ' || g.rolname FROM pg_auth_members a
         JOIN pg_roles m ON m.oid = a.member JOIN pg_roles g ON g.oid = a.roleid
         WHERE m.rolname IN ('orion_app', 'orion_platform', 'orion_worker')
         UNION ALL
         SELECT 'role ' || wanted || ' is missing' FROM unnest(ARRAY['orion_owner', 'orion_app', 'orion_platform', 'orion_worker']) wanted
         WHERE wanted NOT IN (SELECT rolname FROM pg_roles)
         UNION ALL
         SELECT 'orion_owner may log in' FROM pg_roles WHERE rolname = 'orion_owner' AND rolcanlogin",
    ),
    (
        "row security",
        "SELECT c.relname || ' has no forced row security' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
           AND (c.relname = 'vendors' OR c.relname <> ALL ($1))
         UNION ALL
         SELECT c.relname || ' lacks the policy ' || wanted FROM pg_class c
         JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN unnest(ARRAY['tenant', 'owner']) wanted
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND (c.relname = 'vendors' OR c.relname <> ALL ($1))
           AND NOT EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polname = wanted)",
    ),
    (
        "vendor column",
        "SELECT c.relname || ' has no vendor_id NOT NULL' FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname <> ALL ($1)
           AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'vendor_id' AND a.attnotnull)",
    ),
    (
        "vendor-first keys",
        "SELECT i.relname || ' does not begin with vendor_id' FROM pg_index x
         JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = 'public' AND x.indisunique AND t.relname <> ALL ($1) AND i.relname <> ALL ($2)
           AND pg_get_indexdef(i.oid, 1, true) <> 'vendor_id'
         UNION ALL
         SELECT k.conname || ' between vendors'' tables lacks vendor_id' FROM pg_constraint k
         JOIN pg_class t ON t.oid = k.conrelid JOIN pg_class f ON f.oid = k.confrelid JOIN pg_namespace n ON n.oid = t.relnamespace
         WHERE n.nspname = 'public' AND k.contype = 'f' AND t.relname <> ALL ($1) AND f.relname <> ALL ($1)
           AND NOT EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey) AND a.attname = 'vendor_id')",
    ),
    (
        "inventory ledger",
        "SELECT 'item ' || i.id || ': balance ' || i.on_hand || '/' || i.reserved || ', ledger '
                || coalesce(m.on_hand, 0) || '/' || coalesce(m.reserved, 0)
         FROM inventory_items i LEFT JOIN (
             SELECT vendor_id, item_id, sum(delta) AS on_hand, sum(reserved_delta) AS reserved
             FROM inventory_movements GROUP BY 1, 2) m ON m.vendor_id = i.vendor_id AND m.item_id = i.id
         WHERE i.on_hand <> coalesce(m.on_hand, 0) OR i.reserved <> coalesce(m.reserved, 0)",
    ),
    (
        "inventory reservations",
        "SELECT 'item ' || i.id || ': reserved ' || i.reserved || ', reservations ' || coalesce(r.quantity, 0)
         FROM inventory_items i LEFT JOIN (
             SELECT vendor_id, item_id, sum(quantity) AS quantity FROM inventory_reservations GROUP BY 1, 2) r
             ON r.vendor_id = i.vendor_id AND r.item_id = i.id
         WHERE i.reserved <> coalesce(r.quantity, 0)",
    ),
    (
        "order totals",
        "SELECT 'order ' || o.id || ': total ' || o.total || ', lines and shipping ' || s.total
         FROM orders o JOIN (
             SELECT l.vendor_id, l.order_id, sum(l.total) AS lines, sum(l.tax_total) AS taxes, sum(l.subtotal) AS subtotal
             FROM order_lines l GROUP BY 1, 2) t ON t.vendor_id = o.vendor_id AND t.order_id = o.id
         CROSS JOIN LATERAL (SELECT t.lines + o.shipping_total
             + CASE WHEN o.prices_include_tax THEN 0 ELSE o.shipping_tax_total END AS total) s
         WHERE o.total <> s.total OR o.tax_total <> t.taxes + o.shipping_tax_total OR o.subtotal <> t.subtotal",
    ),
    (
        "orders have lines",
        "SELECT 'order ' || o.id || ' has no lines' FROM orders o
         WHERE NOT EXISTS (SELECT 1 FROM order_lines l WHERE l.vendor_id = o.vendor_id AND l.order_id = o.id)",
    ),
    (
        "fulfilled quantities",
        "SELECT 'line ' || l.id || ': fulfilled ' || l.fulfilled_quantity || ', parcels ' || coalesce(f.quantity, 0)
         FROM order_lines l LEFT JOIN (
             SELECT x.vendor_id, x.order_line_id, sum(x.quantity) AS quantity FROM fulfilment_lines x
             JOIN fulfilments f ON f.vendor_id = x.vendor_id AND f.id = x.fulfilment_id AND f.status <> 'CANCELLED'
             GROUP BY 1, 2) f ON f.vendor_id = l.vendor_id AND f.order_line_id = l.id
         WHERE l.fulfilled_quantity <> coalesce(f.quantity, 0)",
    ),
    (
        "reservations belong to what is open",
        "SELECT 'line ' || r.order_line_id || ' reserves ' || sum(r.quantity) || ' of ' || (l.quantity - l.fulfilled_quantity - l.cancelled_quantity) || ' open'
         FROM inventory_reservations r JOIN order_lines l ON l.vendor_id = r.vendor_id AND l.id = r.order_line_id
         GROUP BY r.order_line_id, l.quantity, l.fulfilled_quantity, l.cancelled_quantity
         HAVING sum(r.quantity) > l.quantity - l.fulfilled_quantity - l.cancelled_quantity",
    ),
    (
        "event numbers",
        "SELECT 'vendor ' || c.vendor_id || ': last number ' || c.last || ', highest event ' || max(e.sequence)
         FROM event_counters c JOIN outbox_events e ON e.vendor_id = c.vendor_id
         GROUP BY c.vendor_id, c.last HAVING max(e.sequence) > c.last",
    ),
    (
        "idempotency results",
        "SELECT 'key ' || k.key || ' names order ' || k.result_id || ', which does not exist' FROM idempotency_keys k
         WHERE k.operation = 'checkoutComplete' AND k.result_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM orders o WHERE o.vendor_id = k.vendor_id AND o.id = k.result_id)",
    ),
    (
        "audit grants",
        "SELECT t || ': ' || r || ' may ' || p FROM unnest(ARRAY['audit_events', 'platform_audit_events', 'inventory_movements', 'order_events']) t,
             unnest(ARRAY['orion_app', 'orion_platform', 'orion_worker']) r, unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE']) p
         WHERE has_table_privilege(r, t, p)",
    ),
];

/// Runs every check as the owner; gives what is wrong, each with the check's name.
pub async fn check(app: &App) -> Result<Vec<String>, CommandError> {
    let url = &app.config.database.owner;
    if url.is_empty() {
        return Err("ORION_OWNER_DATABASE_URL must be set: doctor reads every vendor's rows".into());
    }
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driver = tokio::spawn(connection);
    client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await?;
    let tables: Vec<&str> = PLATFORM_TABLES.iter().map(|(name, _)| *name).collect();
    let keys: Vec<&str> = GLOBAL_KEYS.iter().map(|(name, _)| *name).collect();
    let mut breaches = Vec::new();
    for (name, statement) in CHECKS {
        let mut parameters: Vec<&(dyn tokio_postgres::types::ToSql + Sync)> = Vec::new();
        if statement.contains("$1") {
            parameters.push(&tables);
        }
        if statement.contains("$2") {
            parameters.push(&keys);
        }
        for row in client.query(*statement, &parameters).await? {
            breaches.push(format!("{name}: {}", row.try_get::<_, String>(0)?));
        }
    }
    drop(client);
    driver.abort();
    Ok(breaches)
}
