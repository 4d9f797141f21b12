"""The demo town 青溪镇: a pure seeded generator (`town`) and its loader (`load`)."""
