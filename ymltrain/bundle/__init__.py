"""What leaves training: the contract, the weights, golden rows, and the predictor that serves exactly what trained."""
