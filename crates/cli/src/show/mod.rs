//! What people and programs read: tables, bars and colours, or JSON.
