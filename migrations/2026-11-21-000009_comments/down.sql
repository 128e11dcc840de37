DO $$
DECLARE
    rel record;
    col record;
BEGIN
    FOR rel IN
        SELECT oid, relname, CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' ELSE 'TABLE' END AS kind
        FROM pg_class
        WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm') AND relowner = current_user::regrole
    LOOP
        EXECUTE format('COMMENT ON %s %I IS NULL', rel.kind, rel.relname);
        FOR col IN SELECT attname FROM pg_attribute WHERE attrelid = rel.oid AND attnum > 0 AND NOT attisdropped
        LOOP
            EXECUTE format('COMMENT ON COLUMN %I.%I IS NULL', rel.relname, col.attname);
        END LOOP;
    END LOOP;
END $$;
