"""Whether standard input is one JSON document, and valid under a schema if one is named.

usage: json_valid.py [SCHEMA]. Prints what is wrong and ends with 1.
"""
import json
import sys

import jsonschema

document = json.load(sys.stdin)  # anything behind the document is an error
if len(sys.argv) > 1:
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    validator = jsonschema.validators.validator_for(schema)
    validator.check_schema(schema)
    errors = list(validator(schema).iter_errors(document))
    for error in errors[:10]:
        print("/".join(map(str, error.absolute_path)), error.message, sep=": ")
    sys.exit(1 if errors else 0)
