DROP FUNCTION orion_order_number_draw();
DROP FUNCTION orion_order_numbers_create(uuid, bigint, bigint);
DROP FUNCTION orion_vendor_lookup(text, text);
DROP SCHEMA orion_numbers CASCADE;
DROP TABLE vendor_domains;
