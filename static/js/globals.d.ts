// Leaflet (global L) and protomaps-leaflet are classic scripts from static/vendor, loaded before any module.
declare const protomapsL: typeof import("protomaps-leaflet");
