class ImplicitMF: pass
class MatrixFactorization: pass
