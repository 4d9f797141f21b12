"""Paper: pages with words in the reader's language, made into PDF by WeasyPrint. Knows no request."""
