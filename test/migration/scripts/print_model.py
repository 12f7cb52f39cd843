"""Models | `print(model)`"""

import ubiops

model = ubiops.InputFieldWidgetCreate(type="textbox")
print(model)
print(model.to_str() == str(model))

# The official client prints:
#   {'configuration': None, 'type': 'textbox'}
#   True
# This library prints:
#   InputFieldWidgetCreate(type='textbox')
#   False
