DROP TABLE cart_lines;
DROP TABLE carts;
DROP TABLE shipping_methods;
DROP FUNCTION orion_tax_rate(text, text, date);
