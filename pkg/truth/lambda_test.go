package truth

const childVariable = "TRUTH_LAMBDA_CHILD"

func lambdaChild(string) {}
