// Delivery: preface to come with the first code.
