"""What a delivery is and how to check, sign, forward and retry it. Pure: values in, values out."""
