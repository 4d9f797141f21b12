"""Writing files others can use: vector layers in the formats, systems and encodings they ask for."""
