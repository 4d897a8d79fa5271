mod bodies;
mod checks;
