class DictionaryLearning: pass
class SparseCoder: pass
