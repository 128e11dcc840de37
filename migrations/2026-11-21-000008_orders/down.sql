DROP VIEW order_settings;
ALTER TABLE carts DROP CONSTRAINT carts_order_fkey;
DROP TABLE order_events;
DROP TABLE fulfilment_lines;
DROP TABLE fulfilments;
DROP TABLE payments;
DROP TABLE inventory_reservations;
DROP TABLE order_lines;
DROP TABLE orders;
